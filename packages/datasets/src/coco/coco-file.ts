/** A picture of a COCO file. */
export interface CocoPicture {
  id: number;
  /** Its path below the folder of pictures. */
  file_name: string;
  width: number;
  height: number;
}

export interface CocoClass {
  id: number;
  name: string;
}

/** Run lengths down the columns, zeros first: a list, or COCO's string. */
export interface CocoRunLengths {
  size: [height: number, width: number];
  counts: string | number[];
}

/** An object as it stands in the file; `bbox` is `[x, y, width, height]` in pixels. */
export interface CocoObject {
  id: number;
  image_id: number;
  category_id: number;
  bbox: [number, number, number, number];
  /** That of the mask; width times height where the file has none. */
  area: number;
  /** 1: a region of many objects. */
  iscrowd: 0 | 1;
  /** The file wants it left out of training. */
  ignore?: true;
  /** Polygons `[x0, y0, x1, y1, …]` that together make the object, or run lengths. */
  segmentation?: number[][] | CocoRunLengths;
}

/** What COCO's `instances_….json` holds, without what nobody needs. */
export interface CocoFile {
  images: CocoPicture[];
  annotations: CocoObject[];
  categories: CocoClass[];
}
